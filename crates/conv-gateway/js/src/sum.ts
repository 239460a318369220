/** Returns the CRC-32 of a window's IDs, each followed by a line feed. */
export function sum(ids: Iterable<string>): number {
  let text = '';
  for (const id of ids) text += id + '\n';
  let crc = -1;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    // A table would save a tenth of a millisecond per window, and take more room than all else here.
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
