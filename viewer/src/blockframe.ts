// A building's own plan frame: whole steps along the direction of most of its walls (docs/reference/scene-format.md).

/** `[x0, y0, turn, step]` of the scene index: corner [m], direction of u [rad], length of a step [m]. */
export type FrameRow = readonly [number, number, number, number];

export class BlockFrame {
  readonly x0: number;
  readonly y0: number;
  readonly turn: number;
  readonly step: number;
  readonly cos: number;
  readonly sin: number;

  constructor([x0, y0, turn, step]: FrameRow) {
    this.x0 = x0;
    this.y0 = y0;
    this.turn = turn;
    this.step = step;
    this.cos = Math.cos(turn);
    this.sin = Math.sin(turn);
  }

  /** Campus coordinates [m] of a place in steps. */
  east(u: number, v: number): number {
    return this.x0 + (u * this.cos - v * this.sin) * this.step;
  }

  north(u: number, v: number): number {
    return this.y0 + (u * this.sin + v * this.cos) * this.step;
  }

  /** Steps of a direction or offset [m] in the campus. */
  alongU(dx: number, dy: number): number {
    return (dx * this.cos + dy * this.sin) / this.step;
  }

  alongV(dx: number, dy: number): number {
    return (dy * this.cos - dx * this.sin) / this.step;
  }
}
