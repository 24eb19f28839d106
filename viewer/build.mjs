// Builds the viewer: node viewer/build.mjs [--tests] [--force]
// Nothing happens when no source has changed since the last build.

import * as esbuild from 'esbuild';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const DIST = join(HERE, 'dist');
const FONTS = join(ROOT, 'assets', 'fonts');
const THREE = realpathSync(join(HERE, 'node_modules', 'three', 'src'));

/** Parts of three.js that the viewer never uses; without them the engine is 46 kB (gzipped) smaller. */
const LEFT_OUT = {
  'renderers/webxr/WebXRManager.js': `import { EventDispatcher } from '../../core/EventDispatcher.js';
    export class WebXRManager extends EventDispatcher {
      constructor() { super(); this.enabled = false; this.isPresenting = false; this.cameraAutoUpdate = false; }
      init() {} dispose() {} setAnimationLoop() {} getSession() { return null; } getReferenceSpace() { return null; }
      hasDepthSensing() { return false; } getDepthSensingMesh() { return null; } getEnvironmentBlendMode() {}
      getCamera() {} updateCamera() {}
    }`,
  'renderers/shaders/ShaderChunk.js': 'export const ShaderChunk = {};',
  'renderers/shaders/ShaderLib.js': 'export const ShaderLib = {};',
  'renderers/shaders/DFGLUTData.js': 'export const getDFGLUT = () => null;',
  // every material here is a RawShaderMaterial with uniforms of its own, lit by ourselves
  'renderers/webgl/WebGLMaterials.js': `export class WebGLMaterials {
      refreshFogUniforms() {} refreshMaterialUniforms(uniforms, material) { material.uniformsNeedUpdate = false; }
    }`,
  'renderers/webgl/WebGLLights.js': `export class WebGLLights {
      constructor() {
        const none = [];
        this.state = {
          version: 0, ambient: none, probe: none, sun: none, sunShadow: none, sunShadowMap: none, sunShadowMatrix: none,
          sunShadowCascade: none, directional: none, directionalShadow: none, directionalShadowMap: none,
          directionalShadowMatrix: none, spot: none, spotLightMap: none, spotShadow: none, spotShadowMap: none,
          spotLightMatrix: none, rectArea: none, rectAreaLTC1: null, rectAreaLTC2: null, point: none, pointShadow: none,
          pointShadowMap: none, pointShadowMatrix: none, hemi: none, numSpotLightShadowsWithMaps: 0, numLightProbes: 0,
        };
      }
      setup() {} setupView() {}
    }`,
  'renderers/webgl/WebGLOutput.js': 'export class WebGLOutput {}',
  'renderers/webgl/WebGLShadowMap.js': `export class WebGLShadowMap {
      constructor() { this.enabled = false; this.autoUpdate = false; this.needsUpdate = false; this.type = 1; }
      render() {}
    }`,
  'extras/PMREMGenerator.js': 'export class PMREMGenerator { dispose() {} }',
};

const slimThree = {
  name: 'slim-three',
  setup(build) {
    build.onResolve({ filter: /^three$/ }, () => ({ path: join(THREE, 'Three.js'), sideEffects: false }));
    build.onLoad({ filter: /three[\\/]src[\\/].*\.js$/ }, ({ path }) => {
      const contents = LEFT_OUT[relative(THREE, path).replaceAll('\\', '/')];
      return contents === undefined ? undefined : { contents, loader: 'js' };
    });
  },
};

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** One hash over everything that the build reads. */
function sourceHash() {
  const hash = createHash('sha256');
  const sources = [
    ...filesUnder(join(HERE, 'src')),
    join(HERE, 'build.mjs'),
    join(HERE, 'package-lock.json'),
    join(ROOT, 'assets', 'tokens.json'),
  ].sort();
  for (const file of sources) hash.update(relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function upToDate(stamp) {
  try {
    const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'));
    return manifest.stamp === stamp && manifest.files.every((f) => existsSync(join(DIST, f))) && existsSync(join(FONTS, 'inter.css'));
  } catch {
    return false;
  }
}

const COMMON = { bundle: true, minify: true, target: 'es2022', write: false, legalComments: 'none', plugins: [slimThree] };

/** A URL of Dash's component-suite route that may be cached for ever: it takes '.v..m..' for its own fingerprint. */
function immutable(name) {
  return name.replace(/\.js$/, '.v1m0.js');
}

/** Parts that the engine imports at once (not those that it may fetch later). */
function staticParts(metafile, engineName) {
  const entry = Object.entries(metafile.outputs).find(([path]) => basename(path) === engineName)[1];
  return entry.imports.filter((i) => i.kind === 'import-statement').map((i) => basename(i.path));
}

/** Names the parts by their immutable URLs inside the code. */
function withImmutableParts(file) {
  const text = file.text.replace(/(["'])\.\/(part-[A-Z0-9]+\.js)\1/g, (_, quote, name) => `${quote}./${immutable(name)}${quote}`);
  return { path: file.path, contents: Buffer.from(text) };
}

async function bundle(build) {
  const define = { __BUILD__: String(build) };
  const worker = await esbuild.build({
    ...COMMON, entryPoints: [join(HERE, 'src', 'worker.ts')], format: 'iife', outdir: DIST, entryNames: '[name]-[hash]',
  }); // prettier-ignore
  const workerName = basename(worker.outputFiles[0].path);
  const engine = await esbuild.build({
    ...COMMON, entryPoints: [join(HERE, 'src', 'engine.ts')], format: 'esm', splitting: true, outdir: DIST, entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]', metafile: true, define: { ...define, __WORKER__: JSON.stringify(immutable(workerName)) },
  }); // prettier-ignore
  const engineName = engine.outputFiles.map((f) => basename(f.path)).find((name) => name.startsWith('engine-'));
  const parts = staticParts(engine.metafile, engineName);
  const engineFiles = engine.outputFiles.map((file) => withImmutableParts(file));
  const shim = await esbuild.build({
    ...COMMON, entryPoints: [join(HERE, 'src', 'shim.ts')], format: 'iife', outfile: join(DIST, 'campus_view.js'),
    define: { __ENGINE__: JSON.stringify(immutable(engineName)), __PARTS__: JSON.stringify(parts.map(immutable)) },
  }); // prettier-ignore
  const engineParts = [engineName, ...parts];
  return { outputs: [...worker.outputFiles, ...engineFiles, ...shim.outputFiles], engineParts };
}

/** Inter and Noto Sans SC in slices: the browser fetches only those whose characters are on the page. */
function copyFonts() {
  const sources = { inter: '@fontsource-variable/inter', 'noto-sans-sc': '@fontsource-variable/noto-sans-sc' };
  rmSync(FONTS, { recursive: true, force: true });
  mkdirSync(join(FONTS, 'files'), { recursive: true });
  for (const [name, packageName] of Object.entries(sources)) {
    const folder = join(HERE, 'node_modules', packageName);
    const css = readFileSync(join(folder, 'wght.css'), 'utf8');
    writeFileSync(join(FONTS, `${name}.css`), css);
    for (const [, file] of css.matchAll(/url\(\.\/files\/([^)]+)\)/g)) {
      cpSync(join(folder, 'files', file), join(FONTS, 'files', file));
    }
    cpSync(join(folder, 'LICENSE'), join(FONTS, `${name}-LICENSE.txt`));
  }
}

async function buildTests() {
  const out = join(HERE, 'build', 'tests');
  rmSync(out, { recursive: true, force: true });
  const entryPoints = readdirSync(join(HERE, 'tests')).filter((f) => f.endsWith('.test.ts')).map((f) => join(HERE, 'tests', f));
  await esbuild.build({
    entryPoints, bundle: true, platform: 'node', format: 'esm', outdir: out, outExtension: { '.js': '.mjs' }, plugins: [slimThree],
    define: { __BUILD__: '0', __WORKER__: '""', __ROOT__: JSON.stringify(ROOT) }, sourcemap: 'inline',
  }); // prettier-ignore
}

async function main() {
  if (process.argv.includes('--tests')) return buildTests();
  const stamp = sourceHash();
  if (!process.argv.includes('--force') && upToDate(stamp)) {
    console.log('viewer: up to date');
    return undefined;
  }
  const build = Number.parseInt(stamp.slice(0, 8), 16);
  const { outputs, engineParts } = await bundle(build);
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  const gzipped = {};
  for (const file of outputs) {
    writeFileSync(file.path, file.contents);
    gzipped[basename(file.path)] = gzipSync(file.contents, { level: 9 }).length;
  }
  copyFonts();
  const files = outputs.map((f) => basename(f.path)).sort();
  writeFileSync(join(DIST, 'manifest.json'), `${JSON.stringify({ stamp, build, files, engine: engineParts, gzipped }, null, 1)}\n`);
  for (const name of files) console.log(`viewer: ${name} ${(gzipped[name] / 1000).toFixed(1)} kB gzipped`);
  return undefined;
}

await main();
