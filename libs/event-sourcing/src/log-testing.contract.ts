import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A hole in the wall: connections to it are refused until it is opened, then they lead to `target`. */
export class Gate {
  private server = createServer((client) => this.lead(client));
  private readonly sockets = new Set<Socket>();
  port = 0;

  constructor(private readonly target: { host: string; port: number }) {}

  /** Finds a free port and leaves it closed. */
  async reserve(): Promise<this> {
    await this.open();
    await this.close();
    return this;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Cuts every connection and refuses new ones. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server = createServer((client) => this.lead(client));
  }

  private lead(client: Socket): void {
    const upstream = connect(this.target);
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      this.sockets.add(from);
      from.on('error', () => undefined).on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}
