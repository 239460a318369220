/** A hidden page keeps its line for so long. */
const KEPT_HIDDEN = 300_000;

interface Listening {
  addEventListener?(type: string, handler: () => void, options: { signal: AbortSignal }): void;
}

/** What the browser says of the page and the network until the signal is aborted; silent where there is no browser. */
export class Page {
  /** The page has been hidden for long. */
  isAway = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly document = (globalThis as { document?: Document }).document;

  constructor(
    /** The network came back, or the page can be seen again. */
    private readonly onBack: () => void,
    private readonly onAway: () => void,
    signal: AbortSignal,
  ) {
    (globalThis as Listening).addEventListener?.('online', onBack, { signal });
    this.document?.addEventListener('visibilitychange', this.look, { signal });
    signal.addEventListener('abort', () => clearTimeout(this.timer));
    this.look();
  }

  private readonly look = (): void => {
    clearTimeout(this.timer);
    if (this.document?.hidden) {
      this.timer = setTimeout(() => {
        this.isAway = true;
        this.onAway();
      }, KEPT_HIDDEN);
    } else {
      this.isAway = false;
      this.onBack();
    }
  };
}
