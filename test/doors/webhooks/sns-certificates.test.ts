import { describe, expect, test } from "@jest/globals";
import { certificateFetcher } from "../../../src/doors/webhooks/sns-certificates.ts";
import { CERT_URL } from "./sns-world.ts";

const PIECE = 1_024;
const BEGIN = "-----BEGIN CERTIFICATE-----\n";

/** A host whose certificate is that long, sent a piece at a time as somebody reads it. */
function hostOf(length: number) {
  let sent = 0;
  let isBrokenOff = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const text = (sent === 0 ? BEGIN : "").padEnd(Math.min(PIECE, length - sent), "A");
      sent += text.length;
      controller.enqueue(Buffer.from(text));
      if (sent === length) controller.close();
    },
    cancel: () => {
      isBrokenOff = true;
    },
  });
  const fetched = certificateFetcher(undefined, async () => new Response(body))(CERT_URL);
  return { fetched, isBrokenOff: () => isBrokenOff };
}

describe("The certificate at a URL", () => {
  test("is read as far as 16 KB", async () => {
    expect(await hostOf(16 * 1_024).fetched).toHaveLength(16 * 1_024);
  });

  test("that is larger is no certificate, and its host cannot make us read on", async () => {
    const host = hostOf(1_024 * 1_024);

    await expect(host.fetched).rejects.toThrow("The certificate is larger than 16384 bytes");
    expect(host.isBrokenOff()).toBe(true);
    await expect(hostOf(16 * 1_024 + 1).fetched).rejects.toThrow("larger");
  });
});
