import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { programPath, runProgram } from '../programs.ts';

const kafkaVersion = '4.4.0';
/** Kafka logs through slf4j 1.7; this is the bridge to a log4j that is kept. */
const log4jVersion = '2.25.5';

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>lab</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${log4jVersion}</version></dependency>
  </dependencies>
</project>
`;

const logging = `status=error
appender.err.type=Console
appender.err.name=err
appender.err.target=SYSTEM_ERR
appender.err.layout.type=PatternLayout
appender.err.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.err.ref=err
`;

export interface KafkaJars {
  readonly folder: string;
  readonly classPath: string;
  readonly loggingFile: string;
  /** An archive of loaded classes; the first broker that ends by SIGTERM writes it, and later ones start in half the time. */
  readonly archive: string;
}

/**
 * The broker's jars, fetched once (45 files, 43 MB, about 10 s) from Maven Central into the user's cache folder.
 * Complete or not there: the folder gets its name at the end.
 */
export async function kafkaJars(): Promise<KafkaJars> {
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'fournines-lab');
  const folder = path.join(cache, `kafka-${kafkaVersion}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const fresh = mkdtempSync(path.join(cache, 'kafka-new-'));
    writeFileSync(path.join(fresh, 'pom.xml'), pom);
    writeFileSync(path.join(fresh, 'log4j2.properties'), logging);
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fresh}/lib`];
    const args = ['-q', '-B', '-f', path.join(fresh, 'pom.xml'), ...goal];
    // Maven finds its settings and its repository by the user's home.
    const env = { HOME: os.homedir(), ...(process.env['MAVEN_OPTS'] && { MAVEN_OPTS: process.env['MAVEN_OPTS'] }) };
    await runProgram(programPath('mvn', 'maven'), args, { env, deadlineMs: 300_000 });
    try {
      renameSync(fresh, folder);
    } catch (error) {
      // Another test was faster.
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    }
  }
  return {
    folder,
    classPath: path.join(folder, 'lib', '*'),
    loggingFile: path.join(folder, 'log4j2.properties'),
    archive: path.join(folder, 'classes.jsa'),
  };
}
