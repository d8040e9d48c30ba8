import { type DataFolder, takeDataFolder } from '../core/runtime/data-folder.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import { refuseUnfinished } from './backup/restore.ts';

/** The data folder, held while the server runs. */
export class FolderPart implements Part {
  readonly name = 'data folder';
  readonly #path: string;
  #folder: DataFolder | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<void> {
    const folder = takeDataFolder(this.#path);
    try {
      refuseUnfinished(this.#path);
    } catch (error) {
      folder.release();
      throw error;
    }
    this.#folder = folder;
  }

  async stop(): Promise<void> {
    this.#folder?.release();
  }
}
