// The worker: fetches a pack, decodes and expands it building by building, and hands the arrays over without copying.

import type { BuildingData, PackJob, WorkerAnswer } from './jobs.ts';
import { BUILDERS } from './look/builders.ts';
import { blockBuffers, decodeBlock } from './pack.ts';
import { extrude } from './prisms.ts';

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<PackJob>) => void) | null;
  postMessage(message: WorkerAnswer, transfer?: Transferable[]): void;
};

function expand(buffer: ArrayBuffer, job: PackJob): void {
  for (const building of job.buildings) {
    const block = decodeBlock(buffer, building.offset, building.length);
    const rooms = extrude(block, {
      firstStorey: building.firstStorey,
      firstSlot: building.firstSlot,
      base: Math.floor(building.bounds[2] * 100),
    });
    const data: BuildingData = { building: building.building, block, rooms, extra: {} };
    for (const [name, build] of Object.entries(BUILDERS)) data.extra[name] = build(block, building);
    const buffers = new Set<Transferable>([...blockBuffers(block), rooms.vertices.buffer, rooms.indices.buffer, rooms.storeyStart.buffer]);
    for (const extra of Object.values(data.extra)) for (const array of Object.values(extra.arrays)) buffers.add(array.buffer);
    scope.postMessage({ kind: 'building', data }, [...buffers]);
  }
}

scope.onmessage = async (event) => {
  const job = event.data;
  const started = performance.now();
  try {
    const answer = await fetch(job.url);
    if (!answer.ok) throw new Error(`${job.url}: HTTP ${answer.status}`);
    expand(await answer.arrayBuffer(), job);
    scope.postMessage({ kind: 'done', url: job.url, milliseconds: performance.now() - started });
  } catch (error) {
    scope.postMessage({ kind: 'failed', url: job.url, message: error instanceof Error ? error.message : String(error) });
  }
};
