import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const server = 'http://127.0.0.1:8080';

/** Below this a file fits into one packet either way. */
const compressedBytesMin = 1_000;

/** Writes .gz and .br beside each text of the page: the server sends what is there and never compresses by itself. */
function preCompress(): Plugin {
  let folder = '';
  return {
    name: 'fournines:pre-compress',
    apply: 'build',
    configResolved: ({ build }) => {
      folder = fileURLToPath(new URL(`${build.outDir}/`, import.meta.url));
    },
    closeBundle: (error?: Error) => {
      if (error !== undefined) return;
      for (const name of globSync('**/*.{js,css,html,svg}', { cwd: folder })) {
        const file = `${folder}${name}`;
        if (statSync(file).size <= compressedBytesMin) continue;
        const text = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
        writeFileSync(`${file}.br`, brotliCompressSync(text, { params }));
      }
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react(), preCompress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // data: URLs are allowed for pictures, but a file is cached and is easier on a strict policy.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': server, '/metrics': server } },
});
