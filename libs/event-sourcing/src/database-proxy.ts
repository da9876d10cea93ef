import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback for specs: cuts, refuses or swallows what goes to a server. */
export class TestProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;
  private swallowing = false;

  private constructor(private readonly target: { host: string; port: number }) {}

  static async before(url: string): Promise<TestProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TestProxy({ host: hostname, port: Number(port) });
    await proxy.open();
    return proxy;
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = '127.0.0.1';
    changed.port = String(this.port);
    return changed.href;
  }

  async open(): Promise<void> {
    this.swallowing = false;
    this.server = createServer((inner) => this.join(inner, connect(this.target)));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection and refuses new ones. */
  async cut(): Promise<void> {
    const closed = this.server === null ? null : once(this.server, 'close');
    this.server?.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Keeps connections open, but nothing passes any more. */
  swallow(): void {
    this.swallowing = true;
  }

  private join(inner: Socket, outer: Socket): void {
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      this.sockets.add(from);
      from.on('data', (data) => this.swallowing || to.write(data));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
