import type { KeyListName } from '@pataka/contracts';
import { ApiError, at, signingHeaders } from '../api/client';

/** How far an upload is, from 0 to 1; `stored`: it is all there and being taken in. */
export type UploadProgress = { sent: number; total: number; stored: boolean };

/** Sends a file as a segment's list. XMLHttpRequest, since fetch tells nothing of how far it is. */
export const uploadList = (segment: { key: string; version?: number }, list: KeyListName, file: File, onProgress: (progress: UploadProgress) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    sender.open('PUT', at`/api/segments/${segment.key}/lists/${list}`);
    for (const [name, value] of Object.entries(signingHeaders())) sender.setRequestHeader(name, value);
    sender.setRequestHeader('content-type', /\.csv$/i.test(file.name) || file.type === 'text/csv' ? 'text/csv' : 'text/plain');
    sender.setRequestHeader('if-match', `"${segment.version ?? 0}"`);
    sender.upload.onprogress = ({ loaded, total }) => onProgress({ sent: loaded, total, stored: false });
    sender.upload.onload = () => onProgress({ sent: file.size, total: file.size, stored: true });
    sender.onerror = () => reject(new ApiError(0, 'offline', 'the connection broke'));
    sender.onload = () => {
      if (sender.status >= 200 && sender.status < 300) return resolve();
      const problem = safeJson(sender.responseText);
      reject(new ApiError(sender.status, problem.code ?? 'internal', problem.detail ?? problem.title ?? sender.statusText, problem, sender.getResponseHeader('x-request-id')));
    };
    sender.send(file);
  });

const safeJson = (text: string): ApiError['problem'] => {
  try {
    return JSON.parse(text) as ApiError['problem'];
  } catch {
    return {};
  }
};
