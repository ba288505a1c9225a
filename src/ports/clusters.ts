import type { ClusterFacts } from "../domain/service/cluster.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

export interface FailoverWish {
  readonly region: Region;
  readonly cluster: string;
  /** The member that becomes the writer. Always named: without it the same call leads back when it is made twice. */
  readonly target: string;
}

export type FailoverAnswer =
  | (Act & { readonly kind: "accepted" })
  | (Act & { readonly kind: "not-a-member" })
  /** Nothing was asked for. */
  | (Act & { readonly kind: "already-writer" })
  /** Failing over already, or the target is not available: look, and ask again later. */
  | (Act & { readonly kind: "busy"; readonly why: string });

/** Database clusters inside one region. Errors as in `Databases`. */
export interface Clusters {
  describe(region: Region, cluster: string, signal?: AbortSignal): Promise<Known<ClusterFacts>>;
  failover(wish: FailoverWish, signal?: AbortSignal): Promise<FailoverAnswer>;
}
