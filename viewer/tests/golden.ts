// The golden files of tests/viewer, which the Python tests read too.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildingData } from '../src/jobs.ts';
import { type Block, decodeBlock } from '../src/pack.ts';
import { type SceneFile, SceneIndex } from '../src/scene.ts';

declare const __ROOT__: string;

const FOLDER = join(__ROOT__, 'tests', 'viewer');

export function bytesOf(path: string): ArrayBuffer {
  const file = readFileSync(join(FOLDER, path));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
}

export function jsonOf<T>(path: string): T {
  return JSON.parse(readFileSync(join(FOLDER, path), 'utf8')) as T;
}

export function tinyIndex(): SceneIndex {
  const index = new SceneIndex(jsonOf<SceneFile>('pack/scene.json'));
  const ids = Object.keys(jsonOf<Record<string, unknown>>('pack/expected.json'));
  const blank = ids.map(() => '');
  index.labels = { id: ids, number: blank, zh: blank, en: blank, category: blank, area: ids.map(() => null) };
  return index;
}

export function tinyBlocks(index: SceneIndex): Block[] {
  const pack = bytesOf('pack/rooms.bin');
  return index.file.buildings.map((row) => decodeBlock(pack, row.offset, row.length));
}

export function loadedOf(blocks: Block[]): BuildingData[] {
  return blocks.map((block, building) => ({ building, block, extra: {} }));
}
