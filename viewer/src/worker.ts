// The worker: fetches a pack, decodes and expands it building by building, and hands the arrays over without copying.

import type { ExtraArrays, PackJob, RoomGroupData, WorkerAnswer } from './jobs.ts';
import { BUILDERS } from './look/builders.ts';
import { decodeBlock } from './pack.ts';
import { extrude } from './prisms.ts';
import { groupFrame, grouped, type Member, placeIn } from './room-groups.ts';

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<PackJob | 'rest'>) => void) | null;
  postMessage(message: WorkerAnswer, transfer?: Transferable[]): void;
};

function roomsOf(members: Member[]): RoomGroupData {
  const frame = groupFrame(members);
  const rooms = extrude(
    members.map(({ block, job }) => ({ block, firstStorey: job.firstStorey, firstSlot: job.firstSlot, place: placeIn(frame, job.frame) })),
  );
  return { frame, buildings: members.map(({ job }) => job.building), ...rooms };
}

function sendRooms(all: Member[], wide: boolean): void {
  for (const members of grouped(all, wide)) {
    const data = roomsOf(members);
    scope.postMessage({ kind: 'rooms', data }, [data.vertices.buffer, data.indices.buffer]);
  }
}

function sendExtras(all: Member[]): void {
  for (const { job, block } of all) {
    const extra: Record<string, ExtraArrays> = {};
    for (const [name, build] of Object.entries(BUILDERS)) extra[name] = build(block, job);
    const buffers = new Set<Transferable>();
    for (const { arrays } of Object.values(extra)) for (const array of Object.values(arrays)) buffers.add(array.buffer);
    scope.postMessage({ kind: 'extra', building: job.building, extra }, [...buffers]);
  }
}

/** What comes second of the packs that this worker has expanded. */
const later: (() => void)[] = [];

/** Blocks are copied to the page: what comes second is made of them, too. */
function expand(buffer: ArrayBuffer, job: PackJob): void {
  const all = job.buildings.map((building) => ({ job: building, block: decodeBlock(buffer, building.offset, building.length) }));
  for (const { job: { building }, block } of all) scope.postMessage({ kind: 'building', building, block }); // prettier-ignore
  const rooms = (): void => sendRooms(all, job.wide);
  const extras = (): void => sendExtras(all);
  const [first, second] = job.first === 'rooms' ? [rooms, extras] : [extras, rooms];
  first();
  later.push(second);
}

async function take(job: PackJob): Promise<void> {
  const answer = await fetch(job.url);
  if (!answer.ok) throw new Error(`${job.url}: HTTP ${answer.status}`);
  expand(await answer.arrayBuffer(), job);
  scope.postMessage({ kind: 'shown' });
}

function sendRest(): void {
  for (const second of later.splice(0)) second();
  scope.postMessage({ kind: 'done' });
}

scope.onmessage = async ({ data }) => {
  try {
    if (data === 'rest') sendRest();
    else await take(data);
  } catch (error) {
    scope.postMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
};
