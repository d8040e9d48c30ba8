import { openAddon } from '../../native/addon.ts';
import { openTypescript } from '../../native/typescript.ts';
import { nativeContract } from '../contract/native.ts';
import { describeBuilt } from './built.ts';

nativeContract('typescript', openTypescript);
describeBuilt('built addon', () => nativeContract('addon', openAddon));
