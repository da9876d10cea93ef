import { type ReactNode, useState } from 'react';
import type { Experiment, ExperimentStatus } from '@pataka/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { at, isApiError, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { Checkbox, Select, TextField } from '../ui/fields';
import type { IconName } from '../ui/icons';
import { Notice } from '../ui/states';
import { toast } from '../ui/toast';
import type { ListedExperiment } from './queries';

const actions = ['start', 'pause', 'resume', 'complete', 'rollback', 'archive', 'clone'] as const;
type Action = (typeof actions)[number];

const looks: Record<Action, { icon: IconName; primary?: true; danger?: true; in: readonly ExperimentStatus[] }> = {
  start: { icon: 'play', primary: true, in: ['DRAFT'] }, pause: { icon: 'pause', in: ['ACTIVE'] }, resume: { icon: 'play', primary: true, in: ['PAUSED'] },
  complete: { icon: 'check', in: ['ACTIVE', 'PAUSED'] }, rollback: { icon: 'replay', danger: true, in: ['ACTIVE', 'PAUSED'] }, archive: { icon: 'archive', in: ['DRAFT', 'COMPLETED'] },
  clone: { icon: 'copy', in: ['DRAFT', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ARCHIVED'] },
};

function Consequences({ action, experiment }: { action: Action; experiment: ListedExperiment }) {
  const t = useT();
  const formats = useFormats();
  const subjects = experiment.results?.variants.reduce((sum, { sampleSize }) => sum + sampleSize, 0) ?? 0;
  return <p>{t(`experiments.action.${action}.consequence`, { subjects: formats.number(subjects), flag: experiment.flagKey, environment: experiment.environment, percentage: formats.percent(experiment.rollout.percentage / 100, 0) })}</p>;
}

const useAct = (experiment: Experiment, action: Action, done: (after: Experiment) => void, refused: ((error: Error) => void) | undefined) => {
  const client = useQueryClient();
  const t = useT();
  return useMutation({
    mutationFn: async ({ body, reason }: { body: object; reason: string }) => (await request<Experiment>('POST', at`/api/experiments/${experiment.id}/${action}`, { body, reason })).data,
    onSuccess: (after) => {
      void client.invalidateQueries({ queryKey: keys.experiments });
      toast(t(`experiments.action.${action}.done`));
      done(after);
    },
    onError: (error) => refused?.(error),
  });
};

interface AskProps { experiment: ListedExperiment; action: Action; onClose: () => void }

function Ask({ experiment, action, onClose, body, extra, disabled, onRefused }: AskProps & { body: object; extra?: ReactNode; disabled?: boolean; onRefused?: (error: Error) => void }) {
  const t = useT();
  const navigate = useNavigate();
  const act = useAct(experiment, action, (after) => {
    onClose();
    if (action === 'clone') void navigate({ to: '/experiments/$id', params: { id: after.key } });
  }, onRefused);
  return (
    <Confirm
      title={t(`experiments.action.${action}.title`, { name: experiment.name ?? experiment.key })} open onClose={onClose} confirm={t(`experiments.action.${action}.confirm`)} danger={looks[action].danger === true}
      reason={action !== 'clone'} pending={act.isPending} error={isApiError(act.error, 'not-ready') && onRefused !== undefined ? null : act.error} disabled={disabled === true} onConfirm={(reason) => act.mutate({ body, reason })}
    >
      <Consequences action={action} experiment={experiment} />
      {extra}
    </Confirm>
  );
}

function Start(props: AskProps) {
  const t = useT();
  const [force, setForce] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  return <Ask {...props} body={force ? { force } : {}} onRefused={(error) => setRefused(isApiError(error, 'not-ready') ? error.problem.detail ?? error.message : null)} extra={<>
    {!props.experiment.linked && <Notice look="warn">{t('experiments.action.start.notLinked')}</Notice>}
    {refused !== null && <><Notice look="warn"><strong>{t('experiments.check.hopeless')}</strong><br />{t('experiments.action.start.forceAdvice')}<details><summary>{t('experiments.why')}</summary>{refused}</details></Notice><Checkbox label={t('experiments.action.start.force')} hint={t('experiments.action.start.forceHint')} checked={force} onChange={setForce} /></>}
  </>} />;
}

function Complete(props: AskProps) {
  const t = useT();
  const { experiment } = props;
  const [winner, setWinner] = useState(experiment.results?.winner ?? '');
  const options = [{ value: '', label: t('experiments.action.complete.noWinner') }, ...experiment.variants.map(({ id, name }) => ({ value: id, label: name ?? id }))];
  return <Ask {...props} body={winner === '' ? {} : { winnerVariantId: winner }} extra={<>
    <Select label={t('experiments.action.complete.winner')} value={winner} onChange={setWinner} options={options} />
    {winner !== '' && winner !== experiment.results?.winner && <Notice look="warn">{t('experiments.action.complete.unproven')}</Notice>}
  </>} />;
}

function Clone(props: AskProps) {
  const t = useT();
  const [key, setKey] = useState(`${props.experiment.key}_2`);
  return <Ask {...props} body={{ key }} disabled={key === ''} extra={<TextField label={t('common.key')} code value={key} onChange={setKey} hint={t('experiments.keyHint')} />} />;
}

const dialogs: Partial<Record<Action, typeof Start>> = { start: Start, complete: Complete, clone: Clone };

/** What may be done with an experiment in its present status; each says what it will do, and asks. */
export function ExperimentActions({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const may = useMay('manage');
  const [asked, setAsked] = useState<Action | null>(null);
  if (!may) return null;
  const offered = actions.filter((action) => looks[action].in.includes(experiment.status));
  const Asked = asked === null ? null : dialogs[asked];
  return (
    <>
      {offered.map((action) => <Button key={action} icon={looks[action].icon} look={looks[action].primary === true ? 'primary' : looks[action].danger === true ? 'danger' : 'default'} onPress={() => setAsked(action)}>{t(`experiments.action.${action}.name`)}</Button>)}
      {asked !== null && (Asked === undefined || Asked === null ? <Ask experiment={experiment} action={asked} body={{}} onClose={() => setAsked(null)} /> : <Asked experiment={experiment} action={asked} onClose={() => setAsked(null)} />)}
    </>
  );
}
