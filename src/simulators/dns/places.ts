/** Where a question comes from, as far as Route 53 routes by it: the asking resolver itself. */
export interface Place {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** Two letters: `EU`. */
  readonly continent: string;
  /** ISO 3166: `DE`. */
  readonly country: string;
  /** Of the United States: `VA`. */
  readonly subdivision?: string;
  /** Degrees, north and east. */
  readonly at: readonly [latitude: number, longitude: number];
}

type Row = readonly [continent: string, country: string, latitude: number, longitude: number, subdivision?: string];

/** Regions by the city that each is named after, or lies at. */
const REGIONS: Readonly<Record<string, Row>> = {
  "us-east-1": ["NA", "US", 38.9, -77.4, "VA"],
  "us-east-2": ["NA", "US", 40, -83, "OH"],
  "us-west-1": ["NA", "US", 37.4, -122, "CA"],
  "us-west-2": ["NA", "US", 45.8, -119.7, "OR"],
  "ca-central-1": ["NA", "CA", 45.5, -73.6],
  "sa-east-1": ["SA", "BR", -23.5, -46.6],
  "eu-west-1": ["EU", "IE", 53.3, -6.3],
  "eu-west-2": ["EU", "GB", 51.5, -0.1],
  "eu-west-3": ["EU", "FR", 48.9, 2.4],
  "eu-central-1": ["EU", "DE", 50.1, 8.7],
  "eu-central-2": ["EU", "CH", 47.4, 8.5],
  "eu-north-1": ["EU", "SE", 59.3, 18.1],
  "eu-south-1": ["EU", "IT", 45.5, 9.2],
  "eu-south-2": ["EU", "ES", 41.6, -0.9],
  "af-south-1": ["AF", "ZA", -33.9, 18.4],
  "me-south-1": ["AS", "BH", 26.1, 50.6],
  "me-central-1": ["AS", "AE", 24.5, 54.4],
  "il-central-1": ["AS", "IL", 32.1, 34.8],
  "ap-south-1": ["AS", "IN", 19.1, 72.9],
  "ap-south-2": ["AS", "IN", 17.4, 78.5],
  "ap-southeast-1": ["AS", "SG", 1.4, 103.8],
  "ap-southeast-2": ["OC", "AU", -33.9, 151.2],
  "ap-southeast-3": ["AS", "ID", -6.2, 106.8],
  "ap-northeast-1": ["AS", "JP", 35.7, 139.7],
  "ap-northeast-2": ["AS", "KR", 37.6, 127],
  "ap-northeast-3": ["AS", "JP", 34.7, 135.5],
  "ap-east-1": ["AS", "HK", 22.3, 114.2],
};

/** Whoever says of no place that it is his asks from here. */
const USUAL = "eu-central-1";

/** A resolver in that region, at an address of the range for measurements (RFC 2544). */
export function placeIn(region: string): Place {
  const name = Object.hasOwn(REGIONS, region) ? region : USUAL;
  const [continent = "", country = "", latitude = 0, longitude = 0, subdivision] = REGIONS[name] ?? [];
  const address = `198.18.${Object.keys(REGIONS).indexOf(name)}.53`;
  return { address, continent, country, ...(subdivision && { subdivision }), at: [latitude, longitude] };
}

export const USUAL_PLACE: Place = placeIn(USUAL);

/** Latency goes by distance here: radians of a great circle; a region that nobody knows is the farthest. */
export function distanceTo(region: string, place: Place): number {
  const row = Object.hasOwn(REGIONS, region) ? REGIONS[region] : undefined;
  return row ? distanceBetween([row[2], row[3]], place) : Number.POSITIVE_INFINITY;
}

export function distanceBetween([north, east]: Place["at"], { at: [latitude, longitude] }: Place): number {
  const [one, other] = [radians(latitude), radians(north)];
  const between = radians(east - longitude);
  const cosine = Math.sin(one) * Math.sin(other) + Math.cos(one) * Math.cos(other) * Math.cos(between);
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
