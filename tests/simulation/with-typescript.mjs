// Lets Node run this folder's TypeScript and the libraries' sources without a build: node --import ./with-typescript.mjs main.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
