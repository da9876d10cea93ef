import type { DryRun, Fault } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Icon, type IconName } from '../ui/icons';
import { useMetrics } from './metric-names';
import { PowerCard } from './power-card';
import { stepOf, type WizardStep } from './wizard-draft';
import { Part, type PartProps } from './wizard-parts';

type State = 'ok' | 'no' | 'maybe';
const icons: Record<State, IconName> = { ok: 'check', no: 'close', maybe: 'alert' };

function Check({ state, children }: { state: State; children: string }) {
  return <li className={`check-${state}`}><Icon name={icons[state]} /><span>{children}</span></li>;
}

function PowerChecks({ estimate }: { estimate: DryRun['estimate'] }) {
  const t = useT();
  const formats = useFormats();
  const { hopeless, effectAt } = estimate;
  const said = hopeless ? t('experiments.check.hopeless') : effectAt === null ? t('experiments.check.unknownPower') : t('experiments.check.power', { day: formats.date(effectAt), days: estimate.effectDay ?? 0 });
  return (
    <>
      <Check state={hopeless ? 'no' : estimate.known ? 'ok' : 'maybe'}>{said}</Check>
      {hopeless && estimate.reasons.map((reason) => <Check key={reason} state="no">{reason}</Check>)}
    </>
  );
}

/** What has to be in order before anybody meets a variant, and how long it will take. */
export function ReviewPart({ dryRun, pending, faults, goTo, ...props }: PartProps & { dryRun: DryRun | undefined; pending: boolean; faults: readonly Fault[]; goTo: (step: WizardStep) => void }) {
  const { draft } = props;
  const t = useT();
  const metrics = useMetrics(draft.defined);
  return (
    <Part title={t('experiments.step.review')} lead={t('experiments.lead.review')}>
      <PowerCard {...props} />
      <section className="stack tight" aria-label={t('experiments.checks')}>
        <h3>{t('experiments.checks')}</h3>
        <ul className="checks">
          <Check state={draft.hypothesis.trim() === '' ? 'maybe' : 'ok'}>{t(draft.hypothesis.trim() === '' ? 'experiments.check.noHypothesis' : 'experiments.check.hypothesis')}</Check>
          <Check state={draft.success.length === 0 ? 'no' : 'ok'}>{draft.success.length === 0 ? t('experiments.check.noMetric') : t('experiments.check.metric', { metric: metrics.name(draft.success[0]!) })}</Check>
          <Check state={draft.safety.length + draft.guardrail.length === 0 ? 'maybe' : 'ok'}>{t(draft.safety.length + draft.guardrail.length === 0 ? 'experiments.check.noGuards' : 'experiments.check.guards')}</Check>
          {dryRun !== undefined && !pending && <PowerChecks estimate={dryRun.estimate} />}
          {dryRun?.notes.map((note) => <Check key={note} state="maybe">{note}</Check>)}
          <Check state={pending ? 'maybe' : faults.length === 0 ? 'ok' : 'no'}>{pending ? t('experiments.check.pending') : faults.length === 0 ? t('experiments.check.valid') : t('experiments.check.faults', { count: faults.length })}</Check>
        </ul>
        {faults.length > 0 && <ul className="stack tight small">{faults.map(({ pointer, detail }) => <li key={`${pointer} ${detail}`} className="row wrap"><code>{pointer}</code> {detail} <Button small look="ghost" onPress={() => goTo(stepOf(pointer))}>{t('experiments.goTo', { step: t(`experiments.step.${stepOf(pointer)}`) })}</Button></li>)}</ul>}
      </section>
    </Part>
  );
}
