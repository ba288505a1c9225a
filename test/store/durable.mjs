// Appends two lines in a process of its own, so that its calls to the file system can be traced.
import { LineFile } from "../../src/store/line-file.ts";

const file = await LineFile.open(process.argv[2], 0);
await file.append("one");
await file.append("two");
await file.close();
