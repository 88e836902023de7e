// What Pods of tests run: answers what it was asked, says in its log that it was asked, reads a file of its own.
//   GET /                     {pod, namespace, path}
//   GET /file?path=/etc/x     the file as the container sees it
//   GET /write?path=/etc/x    writes one
//   GET /ready                503 while the file /unready exists
//   GET /remove?path=/etc/x   removes it
//   GET /get?url=http://…     what somebody else answers
//   GET /exit?code=1          ends
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';

const {POD_NAME: pod, NAMESPACE: namespace, PORT: port = '3000'} = process.env;

const answers = {
  '/file': ({path}) => readFileSync(path, 'utf8'),
  '/write': ({path}) => writeFileSync(path, 'written'),
  '/remove': ({path}) => rmSync(path),
  '/get': async ({url}) => (await fetch(url)).text(),
  '/exit': ({code}) => process.exit(Number(code)),
};

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://echo');
  if (url.pathname === '/ready') {
    response.writeHead(existsSync('/unready') ? 503 : 200).end();
    return;
  }
  console.log(`${pod} is asked for ${request.url}`);
  try {
    const answer = await answers[url.pathname]?.(Object.fromEntries(url.searchParams));
    response.end(answer ?? JSON.stringify({pod, namespace, path: request.url}));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(port), () => console.log(`${pod} listens on ${port}`));
