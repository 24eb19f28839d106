// What is fetched with the first event of links.

export { LinkDrawing } from './drawing.ts';
export { LinkModel } from './model.ts';
export { LinkPanel } from './panel.ts';
