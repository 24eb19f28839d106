// Where the sun stands: the low-precision solar position of the Astronomical Almanac (Michalsky, Solar Energy 40, 1988,
// doi:10.1016/0038-092X(88)90045-X), good to about 0.01 deg from 1950 to 2050, with refraction near the horizon.

const DEG = Math.PI / 180;
const J2000_MS = Date.UTC(2000, 0, 1, 12);
const DAY_MS = 86_400_000;

export interface SunPosition {
  /** Degrees above the horizon, refraction included; negative at night. */
  elevation: number;
  /** Degrees clockwise from north. */
  azimuth: number;
}

/** The sun over a place at an instant [ms since the epoch, UTC]; latitude and longitude in degrees, east positive. */
export function sunPosition(instant: number, latitude: number, longitude: number): SunPosition {
  const n = (instant - J2000_MS) / DAY_MS;
  const anomaly = (357.528 + 0.9856003 * n) * DEG;
  const mean = 280.46 + 0.9856474 * n;
  const ecliptic = (mean + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * DEG;
  const tilt = (23.439 - 4e-7 * n) * DEG;
  const ascension = Math.atan2(Math.cos(tilt) * Math.sin(ecliptic), Math.cos(ecliptic));
  const declination = Math.asin(Math.sin(tilt) * Math.sin(ecliptic));
  const sidereal = (280.46062 + 360.98564737 * n + longitude) * DEG;
  const hour = sidereal - ascension;
  const lat = latitude * DEG;
  const up = Math.sin(lat) * Math.sin(declination) + Math.cos(lat) * Math.cos(declination) * Math.cos(hour);
  const geometric = Math.asin(Math.min(1, Math.max(-1, up))) / DEG;
  const east = -Math.cos(declination) * Math.sin(hour);
  const north = Math.cos(lat) * Math.sin(declination) - Math.sin(lat) * Math.cos(declination) * Math.cos(hour);
  const azimuth = (Math.atan2(east, north) / DEG + 360) % 360;
  return { elevation: geometric + refraction(geometric), azimuth };
}

/** Atmospheric refraction [deg] at a geometric elevation [deg] (Saemundsson, Sky and Telescope 72, 1986). */
function refraction(elevation: number): number {
  if (elevation < -1) return 0;
  return 0.017 / Math.tan((elevation + 10.3 / (elevation + 5.11)) * DEG);
}

/** The instant rounded down to a step of ten minutes: the sun on the model moves in these. */
export function sunStep(instant: number): number {
  return Math.floor(instant / 600_000) * 600_000;
}
