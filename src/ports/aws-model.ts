/** What one operation of AWS takes and answers. Names are compared without case, dashes and underscores. */
export interface OperationModel {
  takes(option: string): boolean;
  readonly required: readonly string[];
  /** Whether the answer has this field; lists on the way to it are looked into. */
  answers(path: readonly string[]): boolean;
}

export interface ServiceModel {
  /** Undefined: AWS has no such operation. */
  operation(name: string): OperationModel | undefined;
  waitsFor(name: string): boolean;
}

/** What AWS says of its own calls. A service that is absent is not known here, and is not judged. */
export type AwsModel = ReadonlyMap<string, ServiceModel>;
