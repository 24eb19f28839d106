// What a screen reader hears: the canvas's name, and the selection as it changes.

import { valueText } from './plan/values.ts';
import type { ViewState } from './layer.ts';
import type { SceneIndex } from './scene.ts';
import type { SpaceState } from './state.ts';

const WORDS = {
  zh: { view: '三维校园视图', help: '方向键旋转，加减号缩放，Shift 加方向键平移，Esc 取消选择', selected: '已选择', none: '未选择' },
  en: {
    view: 'Campus in 3D',
    help: 'arrow keys turn, plus and minus zoom, shift with arrows pans, Escape clears the selection',
    selected: 'Selected',
    none: 'Nothing selected',
  },
};

export class Describer {
  private readonly region = document.createElement('div');
  private readonly canvas: HTMLCanvasElement | null;

  constructor(root: HTMLElement, canvas: HTMLCanvasElement | null) {
    this.canvas = canvas;
    this.region.setAttribute('aria-live', 'polite');
    this.region.className = 'campus-live';
    this.region.style.cssText = 'position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap';
    root.append(this.region);
    if (canvas) {
      canvas.tabIndex = 0;
      canvas.setAttribute('role', 'application');
    }
  }

  /** Says what is selected, in words. */
  update(view: ViewState, index: SceneIndex, state: SpaceState): void {
    const words = WORDS[view.lang];
    this.canvas?.setAttribute('aria-label', `${index.name(0, view.lang)}: ${words.view} (${words.help})`);
    const { selection } = view;
    const text =
      selection < 0
        ? ''
        : `${words.selected}: ${index.name(selection, view.lang)}${view.channel === '' ? '' : `, ${valueText(selection, state, view.legend, view.lang)}`}`;
    const said = text === '' && this.region.textContent !== '' ? words.none : text;
    if (this.region.textContent !== said) this.region.textContent = said;
  }

  dispose(): void {
    this.region.remove();
  }
}
