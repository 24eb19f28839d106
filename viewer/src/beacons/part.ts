// What the scene needs to mark alarms, in one file of the bundle that is fetched with the first mark.

export { BeaconBoard } from './board.ts';
export { grouped, merged } from './model.ts';
