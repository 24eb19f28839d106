// What is fetched with the first event of links.

export { LinkDrawing } from './drawing.ts';
export { badness, Form, look } from './look.ts';
export { LinkModel } from './model.ts';
export { LinkPanel } from './panel.ts';
export { wiresOf } from './wires.ts';
export { endName, linkLines } from './words.ts';
