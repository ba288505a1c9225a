import { startWeb, type Web, type WebOptions } from "../../../src/doors/webhooks/server.ts";
import { type Line, memoryLogger } from "../../harness/fakes/index.ts";

export interface OpenWeb extends Web {
  readonly lines: readonly Line[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** The web door on a free port, refusing every webhook unless the test says otherwise. */
export async function openWeb(more: Partial<WebOptions> = {}): Promise<OpenWeb> {
  const { logger, lines } = memoryLogger();
  const web = await startWeb({
    ...{ host: "127.0.0.1", port: 0, logger, isReady: async () => ({ missing: [], degraded: [] }) },
    sns: async () => ({ status: 403 }),
    hints: {},
    ...more,
  });
  return { ...web, lines, fetch: (path, init) => fetch(`http://127.0.0.1:${web.port}${path}`, init) };
}
