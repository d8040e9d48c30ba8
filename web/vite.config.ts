import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const server = 'http://127.0.0.1:8080';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // data: URLs are allowed for pictures, but a file is cached and is easier on a strict policy.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': server, '/metrics': server } },
});
