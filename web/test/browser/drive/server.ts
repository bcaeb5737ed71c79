/** A static host as plain as any: files, their types, and the security header a careful host would send. */

import { createReadStream, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { basename, extname, join, normalize, sep } from 'node:path';

/** What any careful host of the page sends; the playground's own server reads the same file. */
const HEADERS = JSON.parse(readFileSync(new URL('../../../headers.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

export interface StaticServer {
  origin: string;
  close(): Promise<void>;
}

/** `inWorker`: a script that runs before each Worker's own. */
export async function serve(folder: string, { inWorker = '' } = {}): Promise<StaticServer> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent((request.url ?? '/').split('?', 1)[0]!));
    const file = join(folder, path.endsWith(sep) ? `${path}index.html` : path);
    const isFile = file.startsWith(folder + sep) && (await stat(file).catch(() => undefined))?.isFile();
    if (!isFile) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      ...HEADERS,
      'cache-control': 'no-store',
    });
    if (inWorker && /^worker-.*\.js$/.test(basename(file)))
      response.end(`${inWorker};\n${await readFile(file, 'utf8')}`);
    else createReadStream(file).pipe(response);
  });
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { origin: `http://127.0.0.1:${port}`, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(closed => server.close(() => closed()));
}
