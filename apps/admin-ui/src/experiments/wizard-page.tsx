import { useEffect, useRef, useState } from 'react';
import type { CreateExperiment, DryRun, Experiment, Fault } from '@pataka/contracts';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useBlocker, useNavigate } from '@tanstack/react-router';
import { isApiError, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { ErrorNotice, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { AudiencePart, MetricsPart } from './wizard-audience';
import { bodyOf, type Draft, emptyDraft, stepOf, type WizardStep, wizardSteps } from './wizard-draft';
import { QuestionPart, VariantsPart } from './wizard-parts';
import { ReviewPart } from './wizard-review';
import { RolloutPart } from './wizard-rollout';
import './experiments.css';

const PAUSE_MS = 500;
const none: readonly Fault[] = [];

/** What would happen when, and every fault there is, asked a moment after the last keystroke. Nothing is stored. */
const useDryRun = (draft: Draft): { dryRun: DryRun | undefined; faults: readonly Fault[]; pending: boolean } => {
  const body = bodyOf(draft);
  const wanted = JSON.stringify(body);
  const [asked, setAsked] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  const query = useQuery<DryRun, Error>({
    queryKey: ['dry-run', asked], retry: false, enabled: draft.key !== '', placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await request<DryRun>('POST', '/api/experiments/dry-run', { body: JSON.parse(asked) as CreateExperiment, signal })).data,
  });
  const { error, data } = query;
  const pending = asked !== wanted || query.isFetching;
  return isApiError(error, 'validation') ? { dryRun: undefined, faults: error.faults, pending } : { dryRun: data, faults: none, pending: pending || data === undefined };
};

function Steps({ current, faulty, seen, goTo }: { current: WizardStep; faulty: ReadonlySet<WizardStep>; seen: ReadonlySet<WizardStep>; goTo: (step: WizardStep) => void }) {
  const t = useT();
  return (
    <nav aria-label={t('experiments.steps')}>
      <ol className="wizard-steps">
        {wizardSteps.map((step, index) => <li key={step}><button type="button" onClick={() => goTo(step)} {...(step === current ? { 'aria-current': 'step' as const } : {})} data-fault={faulty.has(step) || undefined}><span className="number">{seen.has(step) && !faulty.has(step) && step !== current ? <Icon name="check" size={12} /> : index + 1}</span>{t(`experiments.step.${step}`)}{faulty.has(step) && <span className="visually-hidden"> {t('experiments.hasFaults')}</span>}</button></li>)}
      </ol>
    </nav>
  );
}

/** An experiment from question to rollout, in six steps that may be gone through in any order. */
export function WizardPage() {
  const t = useT();
  const may = useMay('manage');
  const client = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(emptyDraft);
  const [step, setStep] = useState<WizardStep>('question');
  const [seen, setSeen] = useState<ReadonlySet<WizardStep>>(new Set());
  const done = useRef(false);
  const { dryRun, faults, pending } = useDryRun(draft);
  const blocker = useBlocker({ shouldBlockFn: () => !done.current && draft.name !== '', withResolver: true, enableBeforeUnload: () => !done.current && draft.name !== '' });
  const create = useMutation({
    mutationFn: async () => (await request<Experiment>('POST', '/api/experiments', { body: bodyOf(draft) })).data,
    onSuccess: (made) => {
      done.current = true;
      void client.invalidateQueries({ queryKey: keys.experiments });
      toast(t('experiments.made', { name: made.name ?? made.key }));
      void navigate({ to: '/experiments/$id', params: { id: made.key } });
    },
  });
  if (!may) return <Page title={t('experiments.new')}><Notice>{t('common.readOnly')}</Notice></Page>;
  const goTo = (next: WizardStep): void => {
    setSeen(new Set([...seen, step]));
    setStep(next);
  };
  const at = wizardSteps.indexOf(step);
  // A step that nobody has come to yet is not wrong, only empty.
  const faulty = new Set(faults.map(({ pointer }) => stepOf(pointer)).filter((one) => seen.has(one) || step === 'review'));
  const fault = (pointer: string): string | undefined => (seen.has(step) ? faults.find((one) => one.pointer === pointer)?.detail : undefined);
  const props = { draft, fault, change: (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part })) };
  return (
    <Page title={t('experiments.new')} crumbs={[{ label: t('experiments.title'), to: '/experiments' }]}>
      <div className="wizard">
        <Steps current={step} faulty={faulty} seen={seen} goTo={goTo} />
        <div className="stack">
          {step === 'question' && <QuestionPart {...props} />}
          {step === 'variants' && <VariantsPart {...props} />}
          {step === 'audience' && <AudiencePart {...props} />}
          {step === 'metrics' && <MetricsPart {...props} />}
          {step === 'rollout' && <RolloutPart {...props} dryRun={dryRun} />}
          {step === 'review' && <ReviewPart {...props} dryRun={dryRun} pending={pending} faults={faults} goTo={goTo} />}
          {create.error !== null && <ErrorNotice error={create.error} />}
          <div className="row between">
            {at === 0 ? <span /> : <Button onPress={() => goTo(wizardSteps[at - 1]!)}>{t('common.back')}</Button>}
            {step === 'review' ? <Button look="primary" icon="plus" pending={create.isPending} isDisabled={faults.length > 0 || pending} onPress={() => create.mutate()}>{t('experiments.create')}</Button> : <Button look="primary" onPress={() => goTo(wizardSteps[at + 1]!)}>{t('experiments.next')}</Button>}
          </div>
        </div>
      </div>
      {blocker.status === 'blocked' && <Confirm title={t('experiments.leave')} open onClose={() => blocker.reset()} confirm={t('experiments.leaveConfirm')} danger onConfirm={() => blocker.proceed()}><p>{t('experiments.leaveLead')}</p></Confirm>}
    </Page>
  );
}
