import type { TextDecoder as Decoder, TextEncoder as Encoder } from "node:util";

// postal-mime names these as types; Node's own types declare them as values only.
declare global {
  interface TextDecoder extends Decoder {}
  interface TextEncoder extends Encoder {}
}
