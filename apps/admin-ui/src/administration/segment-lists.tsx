import './administration.css';
import { useState } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { KeyListName } from '@pataka/contracts';
import { at, request, signingHeaders } from '../api/client';
import type { StoredSegment } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { ErrorNotice } from '../ui/states';
import { toast } from '../ui/toast';
import { uploadList, type UploadProgress } from './upload';

const download = async (key: string, list: KeyListName): Promise<void> => {
  const answer = await fetch(at`/api/segments/${key}/lists/${list}`, { headers: signingHeaders(), credentials: 'same-origin' });
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: `${key}-${list}.csv` });
  link.click();
  URL.revokeObjectURL(address);
};

function Progress({ progress }: { progress: UploadProgress }) {
  const t = useT();
  const formats = useFormats();
  const share = progress.total === 0 ? 0 : progress.sent / progress.total;
  const text = progress.stored ? t('administration.segments.taking') : t('administration.segments.sending', { share: formats.percent(share, 0) });
  return <div className="stack tight" role="status"><progress className="progress" aria-label={text} max={1} {...(progress.stored ? {} : { value: share })} /><span className="small soft">{text}</span></div>;
}

function List({ segment, list }: { segment: StoredSegment; list: KeyListName }) {
  const t = useT();
  const formats = useFormats();
  const may = useMay('manage');
  const client = useQueryClient();
  const [progress, setProgress] = useState<UploadProgress | null>(null);
  const size = segment[`${list}List`]?.size;
  const renew = async (): Promise<void> => {
    await client.invalidateQueries({ queryKey: keys.segment(segment.key) });
    await client.invalidateQueries({ queryKey: keys.segments, exact: true });
  };
  const upload = useMutation({
    mutationFn: (file: File) => uploadList(segment, list, file, setProgress),
    onSuccess: async () => { await renew(); toast(t('administration.segments.uploaded')); }, onSettled: () => setProgress(null),
  });
  const remove = useMutation({ mutationFn: () => request('DELETE', at`/api/segments/${segment.key}/lists/${list}`, { version: segment.version }), onSuccess: renew });
  return (
    <div className="stack tight">
      <h3>{t(`administration.segments.${list}`)}</h3>
      <p className="small soft">{size === undefined ? t('administration.segments.noList') : t('administration.segments.listSize', { count: size, shown: formats.number(size) })}</p>
      {progress !== null && <Progress progress={progress} />}
      {upload.isError && <ErrorNotice error={upload.error} />}
      {remove.isError && <ErrorNotice error={remove.error} />}
      <div className="row wrap">
        {may && <label className="button small file"><input type="file" accept=".csv,.txt,text/csv,text/plain" className="visually-hidden" disabled={upload.isPending} onChange={(event) => { const file = event.target.files?.[0]; if (file !== undefined) upload.mutate(file); event.target.value = ''; }} />{t('administration.segments.upload')}</label>}
        {size !== undefined && <Button small icon="download" onPress={() => void download(segment.key, list)}>{t('administration.segments.download')}</Button>}
        {may && size !== undefined && <Button small icon="trash" pending={remove.isPending} onPress={() => remove.mutate()}>{t('common.remove')}</Button>}
      </div>
    </div>
  );
}

/** Lists beside the document: up to a million keys, from a file. */
export function SegmentLists({ segment }: { segment: StoredSegment }) {
  const t = useT();
  return (
    <section className="card stack">
      <div><h2>{t('administration.segments.files')}</h2><p className="small soft">{t('administration.segments.filesHint')}</p></div>
      <div className="grid-2"><List segment={segment} list="included" /><List segment={segment} list="excluded" /></div>
    </section>
  );
}
