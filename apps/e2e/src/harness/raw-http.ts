import { connect } from 'node:net';

/** Sends bytes as they are and answers all that came back until the connection ended or fell silent. */
export const sendRaw = (port: number, bytes: string | Buffer, silenceMs = 1_500): Promise<string> =>
  new Promise((done) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const finish = (): void => {
      socket.destroy();
      done(text);
    };
    socket.setTimeout(silenceMs, finish);
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
    socket.on('error', finish).on('close', finish);
  });
