import { useMemo, useState } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import type { Condition, Flag } from '@pataka/contracts';
import { at, isApiError, request } from '../api/client';
import { segmentQuery, type StoredSegment } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFlags } from '../flags/flag-store';
import { useT } from '../i18n/intl';
import { conditionOf, nodeOf } from '../targeting/condition-draft';
import { ConditionList } from '../targeting/condition-editor';
import { nodeFaults } from '../targeting/draft-faults';
import { TargetingContext } from '../targeting/targeting-context';
import { useWorld } from '../targeting/use-world';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy';
import { sameDocument } from '../ui/diff';
import { DiffView } from '../ui/diff-view';
import { Confirm, Dialog } from '../ui/dialog';
import { TextArea, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Loaded, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { useChange } from './mutations';
import { SegmentLists } from './segment-lists';
import '../targeting/targeting.css';

const route = getRouteApi('/shell/segments/$key');
const linesOf = (text: string): string[] => [...new Set(text.split('\n').map((line) => line.trim()).filter((line) => line !== ''))];

const namesSegment = (conditions: readonly Condition[], key: string): boolean => conditions.some(({ operator, value, any = [], all = [], not }) =>
  ((operator === 'in_segment' || operator === 'not_in_segment') && (Array.isArray(value) ? value : [value]).includes(key)) || namesSegment([...any, ...all, ...(not === undefined ? [] : [not])], key));

/** Flags whose rules ask for a segment. */
export const flagsUsing = (key: string, flags: readonly Flag[]): Flag[] =>
  flags.filter((flag) => Object.values(flag.environments).some(({ rules }) => rules.some((rule) => namesSegment(rule.conditions ?? [], key))));

const membersOf = ({ key, name = '', description = '', included = [], excluded = [], conditions = [] }: StoredSegment) => ({ key, name, description, included, excluded, conditions });

function Editor({ segment }: { segment: StoredSegment }) {
  const t = useT();
  const may = useMay('manage');
  const client = useQueryClient();
  const { options } = useWorld();
  const [base, setBase] = useState(segment);
  const before = membersOf(base);
  const [name, setName] = useState(before.name);
  const [description, setDescription] = useState(before.description);
  const [nodes, setNodes] = useState(() => before.conditions.map(nodeOf));
  const [included, setIncluded] = useState(before.included.join('\n'));
  const [excluded, setExcluded] = useState(before.excluded.join('\n'));
  const [review, setReview] = useState(false);
  const [reason, setReason] = useState('');
  const faults = useMemo(() => new Map(nodes.flatMap((node, index) => nodeFaults(node, `/conditions/${index}`))), [nodes]);
  const body = { key: segment.key, name, description, included: linesOf(included), excluded: linesOf(excluded), conditions: nodes.map(conditionOf) };
  const dirty = !sameDocument(body, before);
  const save = useMutation({
    mutationFn: async (version: number | undefined) => (await request<StoredSegment>('PUT', at`/api/segments/${segment.key}`, { body, version, reason })).data,
    onSuccess: (now) => { client.setQueryData(keys.segment(segment.key), now); void client.invalidateQueries({ queryKey: keys.segments, exact: true }); setBase(now); setReview(false); toast(t('common.saved')); },
    onError: () => void client.invalidateQueries({ queryKey: keys.segment(segment.key) }),
  });
  const conflict = isApiError(save.error, 'version-conflict');
  return (
    <TargetingContext.Provider value={{ type: 'BOOLEAN', readOnly: !may, ...options, faults, refused: new Map() }}>
      <div className="stack">
        <section className="card stack">
          <div className="grid-2"><TextField label={t('common.name')} value={name} onChange={setName} disabled={!may} maxLength={256} /><TextField label={t('common.description')} optional value={description} onChange={setDescription} disabled={!may} maxLength={4000} /></div>
        </section>
        <section className="card stack"><div><h2>{t('administration.segments.conditionsTitle')}</h2><p className="small soft">{t('administration.segments.conditionsHint')}</p></div><ConditionList nodes={nodes} joined="and" onChange={setNodes} pointerOf={(index) => `/conditions/${index}`} /></section>
        <section className="card stack">
          <div><h2>{t('administration.segments.named')}</h2><p className="small soft">{t('administration.segments.namedHint')}</p></div>
          <div className="grid-2"><TextArea label={t('administration.segments.included')} code rows={6} value={included} onChange={setIncluded} disabled={!may} hint={t('administration.segments.perLine')} /><TextArea label={t('administration.segments.excluded')} code rows={6} value={excluded} onChange={setExcluded} disabled={!may} hint={t('administration.segments.perLine')} /></div>
        </section>
        <SegmentLists segment={segment} />
        {dirty && may && <div className="sticky-bar" role="region" aria-label={t('targeting.unsaved')}><span className="small">{faults.size > 0 ? t('targeting.faults', { count: faults.size }) : t('targeting.unsaved')}</span><Button look="primary" isDisabled={faults.size > 0} onPress={() => setReview(true)}>{t('targeting.review')}</Button></div>}
      </div>
      {review && (
        <Dialog wide open onClose={() => setReview(false)} title={t('administration.saveTitle', { name: name === '' ? segment.key : name })} footer={<><Button onPress={() => setReview(false)}>{t('common.cancel')}</Button><Button look={conflict ? 'danger' : 'primary'} pending={save.isPending} onPress={() => save.mutate(conflict ? segment.version : base.version)}>{t(conflict ? 'targeting.conflict.saveMine' : 'common.save')}</Button></>}>
          {conflict && <Notice look="warn">{t('administration.conflict')}</Notice>}
          <DiffView before={conflict ? membersOf(segment) : before} after={body} />
          <TextField label={t('common.reason')} hint={t('common.reasonHint')} optional value={reason} onChange={setReason} maxLength={300} />
          {save.isError && !conflict && <ErrorNotice error={save.error} />}
        </Dialog>
      )}
    </TargetingContext.Provider>
  );
}

export function SegmentPage() {
  const t = useT();
  const may = useMay('manage');
  const navigate = useNavigate();
  const { key } = route.useParams();
  const query = useQuery(segmentQuery(key));
  const using = flagsUsing(key, useFlags().flags);
  const [removing, setRemoving] = useState(false);
  const remove = useChange((version: number | undefined) => request('DELETE', at`/api/segments/${key}`, { version }), { renew: keys.segments, done: t('common.removedDone'), onDone: () => void navigate({ to: '/segments' }) });
  return (
    <Page
      title={query.data?.name ?? key} crumbs={[{ label: t('common.nav.segments'), to: '/segments' }]} actions={may ? <Button icon="trash" onPress={() => setRemoving(true)}>{t('common.remove')}</Button> : undefined}
      description={<span className="row wrap"><code className="key">{key}</code><CopyButton text={key} /><span>{t('administration.usedBy')} {using.length === 0 ? t('common.none') : using.slice(0, 12).map((flag) => <Link key={flag.key} to="/flags/$key" params={{ key: flag.key }} className="tag">{flag.key}</Link>)}</span></span>}
    >
      <Loaded query={query}>{(segment) => <Editor key={key} segment={segment} />}</Loaded>
      {removing && <Confirm open danger title={t('administration.removeTitle', { name: key })} confirm={t('common.remove')} pending={remove.isPending} error={remove.error} onClose={() => setRemoving(false)} onConfirm={() => remove.mutate(query.data?.version)}><p>{t('administration.segments.removeWhat')}</p></Confirm>}
    </Page>
  );
}
