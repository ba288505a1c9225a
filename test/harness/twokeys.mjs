/**
 * One process for several calls of the terminal, each with its own words and environment: loading the product costs more than
 * most answers do. The built `cli.js` is run as it is, once for each call.
 */
const calls = JSON.parse(process.argv[2] ?? "[]");
const streams = [process.stdout, process.stderr];
const writes = streams.map((stream) => stream.write.bind(stream));
const [node = "", , cli = ""] = process.argv;
const answers = [];

for (const [index, { args, env }] of calls.entries()) {
  let said = "";
  for (const stream of streams)
    stream.write = (text) => {
      said += text;
      return true;
    };
  process.argv = [node, cli, ...args];
  process.env = { ...env };
  process.exitCode = 0;
  await import(new URL(`../../dist/cli.js?call=${index}`, import.meta.url).href);
  answers.push({ code: process.exitCode, said: said.trim() });
}

streams.forEach((stream, index) => {
  stream.write = writes[index];
});
process.exitCode = 0;
process.stdout.write(JSON.stringify(answers));
