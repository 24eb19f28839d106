// The worker: fetches a pack, decodes and expands it building by building, and hands the arrays over without copying.

import type { BuildingData, PackJob, RoomGroupData, WorkerAnswer } from './jobs.ts';
import { BUILDERS } from './look/builders.ts';
import { blockBuffers, decodeBlock } from './pack.ts';
import { extrude } from './prisms.ts';
import { groupFrame, grouped, type Member, placeIn } from './room-groups.ts';

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<PackJob>) => void) | null;
  postMessage(message: WorkerAnswer, transfer?: Transferable[]): void;
};

function roomsOf(members: Member[]): RoomGroupData {
  const frame = groupFrame(members);
  const rooms = extrude(
    members.map(({ block, job }) => ({ block, firstStorey: job.firstStorey, firstSlot: job.firstSlot, place: placeIn(frame, job.frame) })),
  );
  return { frame, buildings: members.map(({ job }) => job.building), ...rooms };
}

/** The rooms of each group first: whoever learns that a building has come then has its rooms too. */
function expand(buffer: ArrayBuffer, job: PackJob): void {
  const all = job.buildings.map((building) => ({ job: building, block: decodeBlock(buffer, building.offset, building.length) }));
  for (const members of grouped(all)) {
    const rooms = roomsOf(members);
    scope.postMessage({ kind: 'rooms', data: rooms }, [rooms.vertices.buffer, rooms.indices.buffer]);
    for (const { job: building, block } of members) {
      const data: BuildingData = { building: building.building, block, extra: {} };
      for (const [name, build] of Object.entries(BUILDERS)) data.extra[name] = build(block, building);
      const buffers = new Set<Transferable>(blockBuffers(block));
      for (const extra of Object.values(data.extra)) for (const array of Object.values(extra.arrays)) buffers.add(array.buffer);
      scope.postMessage({ kind: 'building', data }, [...buffers]);
    }
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
