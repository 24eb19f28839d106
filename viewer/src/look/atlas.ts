// Words as a texture: each text is painted once on a canvas and then drawn from there. Colours are those of the theme,
// so the atlas is wiped when theme, language or pixel ratio change.

import { CanvasTexture, LinearFilter } from 'three';
import type { Tokens } from '../tokens.ts';

/** A painted text: its place in the atlas and its size [device pixels]. */
export interface Glyphs {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TextStyle {
  /** Size of the type [CSS pixels]. */
  size: number;
  weight: number;
  /** Second line, smaller. */
  second?: string;
  /** A filled plate behind the words instead of a halo round them. */
  plate?: boolean;
}

export const FAMILY = '"Inter Variable", "Noto Sans SC Variable", "Noto Sans CJK SC", system-ui, sans-serif';
const SIZE = 2048;
/** The first cells of the atlas: a solid square and a dot. */
const CELL = 32;

export class TextAtlas {
  readonly texture: CanvasTexture;
  readonly solid: Glyphs = { x: 8, y: 8, width: 8, height: 8 };
  readonly dot: Glyphs = { x: CELL, y: 0, width: CELL, height: CELL };
  /** Counts wipes: rectangles of an earlier count are void. */
  age = 0;
  private readonly canvas = document.createElement('canvas');
  private readonly pen: CanvasRenderingContext2D;
  private readonly known = new Map<string, Glyphs>();
  private tokens: Tokens | null = null;
  private ratio = 1;
  private x = 0;
  private y = 0;
  private row = 0;

  constructor() {
    this.canvas.width = this.canvas.height = SIZE;
    const pen = this.canvas.getContext('2d');
    if (!pen) throw new Error('the browser gives no 2D canvas for labels');
    this.pen = pen;
    this.texture = new CanvasTexture(this.canvas);
    this.texture.premultiplyAlpha = true;
    this.texture.minFilter = this.texture.magFilter = LinearFilter;
    this.texture.generateMipmaps = false;
    this.texture.flipY = false;
  }

  /** Forgets everything painted; texts come back as they are asked for. */
  wipe(tokens: Tokens, ratio: number): void {
    this.tokens = tokens;
    this.ratio = ratio;
    this.known.clear();
    this.age++;
    const { pen } = this;
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.fillStyle = tokens.hex['text-2'];
    pen.fillRect(0, 0, CELL - 4, CELL - 4);
    pen.fillStyle = tokens.hex.bg;
    disc(pen, CELL * 1.5, CELL / 2, 14);
    pen.fillStyle = tokens.hex['text-1'];
    disc(pen, CELL * 1.5, CELL / 2, 10);
    this.x = 2 * CELL + 4;
    this.y = 0;
    this.row = CELL + 2;
    this.texture.needsUpdate = true;
  }

  /** The painted text, or null when the atlas is full (wipe it and ask again). */
  text(line: string, style: TextStyle): Glyphs | null {
    const key = `${line}\n${style.second ?? ''}\n${style.size},${style.weight},${style.plate ? 1 : 0}`;
    const found = this.known.get(key);
    if (found) return found;
    const painted = this.paint(line, style);
    if (painted) this.known.set(key, painted);
    return painted;
  }

  private paint(line: string, style: TextStyle): Glyphs | null {
    const { pen, ratio } = this;
    const size = style.size * ratio;
    const small = Math.round(size * 0.82);
    const first = `${style.weight} ${size}px ${FAMILY}`;
    const second = `400 ${small}px ${FAMILY}`;
    pen.font = first;
    let wide = pen.measureText(line).width;
    if (style.second) {
      pen.font = second;
      wide = Math.max(wide, pen.measureText(style.second).width);
    }
    const padX = (style.plate ? 11 : 4) * ratio;
    const padY = (style.plate ? 6 : 3) * ratio;
    const width = Math.ceil(wide + 2 * padX);
    const height = Math.ceil(size * 1.22 + (style.second ? small * 1.2 : 0) + 2 * padY);
    const place = this.reserve(width, height);
    if (!place) return null;
    const middle = place.x + width / 2;
    const baseline = place.y + padY + size * 0.95;
    this.background(place, style.plate === true);
    const hex = this.tokens!.hex;
    pen.textAlign = 'center';
    const put = (text: string, font: string, at: number, ink: string): void => {
      pen.font = font;
      if (!style.plate) {
        pen.strokeStyle = hex.bg;
        pen.lineJoin = 'round';
        pen.lineWidth = 4 * ratio;
        pen.globalAlpha = 0.86;
        pen.strokeText(text, middle, at);
        pen.globalAlpha = 1;
      }
      pen.fillStyle = ink;
      pen.fillText(text, middle, at);
    };
    put(line, first, baseline, style.plate ? hex['on-select'] : hex['text-1']);
    if (style.second) put(style.second, second, baseline + small * 1.22, style.plate ? hex['on-select'] : hex['text-2']);
    this.texture.needsUpdate = true;
    return place;
  }

  private background(at: Glyphs, plate: boolean): void {
    if (!plate) return;
    this.pen.fillStyle = this.tokens!.hex.select;
    this.pen.beginPath();
    this.pen.roundRect(at.x, at.y, at.width, at.height, 7 * this.ratio);
    this.pen.fill();
  }

  /** A free rectangle in shelves, left to right, top to bottom. */
  private reserve(width: number, height: number): Glyphs | null {
    if (this.x + width > SIZE) {
      this.x = 0;
      this.y += this.row;
      this.row = 0;
    }
    if (width > SIZE || this.y + height > SIZE) return null;
    const place = { x: this.x, y: this.y, width, height };
    this.x += width + 2;
    this.row = Math.max(this.row, height + 2);
    return place;
  }

  get size(): number {
    return SIZE;
  }

  dispose(): void {
    this.texture.dispose();
    this.canvas.width = this.canvas.height = 0;
  }
}

function disc(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
