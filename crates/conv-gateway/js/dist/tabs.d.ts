import type { Options } from './types.js';
/**
 * Returns options with which all tabs of a browser share one line to the gateway: one of them has it, and
 * passes on what comes. Where the browser cannot, each tab has its own.
 */
export declare function oneLine(options: Options): Options;
