/**
 * What a bot does by other ways than proofs, in a process of its own: Node reads NODE_EXTRA_CA_CERTS when it starts. Prints one line of JSON.
 * Arguments: the proxy's URL, what NO_PROXY lists.
 */
const dist = new URL("../../../dist/", import.meta.url).href;
const { Secret } = await import(`${dist}domain/secret.js`);
const { SocketWay } = await import(`${dist}doors/slack/socket-way.js`);
const { certificateFetcher } = await import(`${dist}doors/webhooks/sns-certificates.js`);
const { createProbe } = await import(`${dist}integrations/network/probe.js`);
const { throughProxies } = await import(`${dist}integrations/network/way-out.js`);

const [proxy = "", noProxy = "", directUrl = ""] = process.argv.slice(2);
const secret = new Secret(proxy);
const wayOut = throughProxies({ https: secret, http: secret, noProxy });
const ignore = () => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => logger };

const said = {};
const note = async (name, ask) => {
  said[name] = await ask().catch((error) => `${error.message} ${error.cause?.code ?? ""}`);
};
const probe = createProbe({ agentTo: wayOut.agentTo });
await note("writeCheck", async () => (await probe.writeCheck("http://192.0.2.1:4480/write-check")).kind);
await note("health", async () => (await probe.health("https://api.mycomputer.com:4443/", { via: "127.0.0.1" })).kind);
await note("certificate", () =>
  certificateFetcher(undefined, wayOut.fetch)("https://sns.eu-west-1.amazonaws.com/cert.pem"),
);
await note("issuer", () =>
  certificateFetcher(undefined, wayOut.fetch)("http://crt.rootca1.amazontrust.com/rootca1.cer"),
);
await note("direct", async () => (await wayOut.fetch(directUrl)).text());
const socket = new SocketWay({ appToken: new Secret("xapp-of-the-test"), wayOut, logger });
await socket.open();
said.socket = socket.isConnected();
await socket.close();
process.stdout.write(JSON.stringify(said));
process.exit(0);
