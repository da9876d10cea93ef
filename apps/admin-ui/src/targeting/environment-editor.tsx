import { useDeferredValue, useMemo, useState } from 'react';
import { useBlocker } from '@tanstack/react-router';
import type { Fault, Flag, FlagEnvironment } from '@pataka/contracts';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { sameDocument } from '../ui/diff';
import { Confirm } from '../ui/dialog';
import { EmptyState, Notice } from '../ui/states';
import { draftFaults } from './draft-faults';
import { reachOf, type World } from './preview';
import { ReachBar } from './reach-bar';
import { ReviewDialog } from './review-dialog';
import { RuleCard } from './rule-card';
import { draftsOf, emptyRule, newRuleId, type RuleDraft, settingsOf } from './rule-draft';
import { sampleContexts } from './sample';
import { TargetingContext, type TargetingWorld } from './targeting-context';
import { TryPanel } from './try-panel';
import { startingText } from './value-text';
import './targeting.css';

interface EditorProps { flag: Flag; environment: string; world: World; options: Pick<TargetingWorld, 'attributes' | 'segments' | 'calendars' | 'regions'> }

const off: FlagEnvironment = { enabled: false, rules: [] };
const noFaults: readonly Fault[] = [];

const useDraft = (flag: Flag, environment: string) => {
  const saved = flag.environments[environment] ?? off;
  const [base, setBase] = useState(saved);
  const [drafts, setDrafts] = useState<RuleDraft[]>(() => draftsOf(saved));
  const [fresh, setFresh] = useState<string | null>(null);
  const [refused, setRefused] = useState<readonly Fault[]>(noFaults);
  const settings = settingsOf(saved.enabled, drafts, flag.type);
  const dirty = !sameDocument(settings.rules, draftsRules(base, flag));
  const behind = !sameDocument(saved.rules, base.rules);
  const start = (from: FlagEnvironment): void => {
    setBase(from);
    setDrafts(draftsOf(from));
    setRefused(noFaults);
  };
  // Nobody is editing: what somebody else saved is simply shown.
  if (behind && !dirty) start(saved);
  return { saved, base, drafts, settings, dirty, behind, fresh, refused, setRefused, start, setDrafts, setFresh };
};

const draftsRules = (settings: FlagEnvironment, flag: Flag) => settingsOf(settings.enabled, draftsOf(settings), flag.type).rules;

const moved = (drafts: readonly RuleDraft[], index: number, step: -1 | 1): RuleDraft[] => {
  const next = [...drafts];
  const [draft] = next.splice(index, 1);
  next.splice(index + step, 0, draft!);
  return next;
};

function LeaveGuard({ dirty }: { dirty: boolean }) {
  const t = useT();
  const blocker = useBlocker({ shouldBlockFn: ({ current, next }) => dirty && (current.pathname !== next.pathname || JSON.stringify(current.search) !== JSON.stringify(next.search)), enableBeforeUnload: () => dirty, withResolver: true });
  return <Confirm open={blocker.status === 'blocked'} title={t('targeting.leave.title')} confirm={t('targeting.leave.confirm')} danger onClose={() => blocker.reset?.()} onConfirm={() => blocker.proceed?.()}><p>{t('targeting.leave.what')}</p></Confirm>;
}

/** The rules of a flag in one environment: edited as a draft, compared, then saved. */
export function EnvironmentEditor({ flag, environment, world, options }: EditorProps) {
  const t = useT();
  const may = useMay('manage') && flag.status !== 'ARCHIVED';
  const { saved, base, drafts, settings, dirty, behind, fresh, refused, setRefused, start, setDrafts, setFresh } = useDraft(flag, environment);
  const [review, setReview] = useState(false);
  const faults = useMemo(() => draftFaults(drafts, flag.type), [drafts, flag.type]);
  const refusedAt = useMemo(() => new Map(refused.map(({ pointer, detail }) => [pointer, detail])), [refused]);
  const targeting: TargetingWorld = { type: flag.type, readOnly: !may, ...options, faults, refused: refusedAt };
  const draftFlag = useMemo(() => (faults.size > 0 ? null : { ...flag, environments: { ...flag.environments, [environment]: settings } }), [faults, flag, environment, JSON.stringify(settings)]);
  const contexts = useMemo(() => sampleContexts(world.regions, settings.rules), [world.regions, JSON.stringify(settings.rules)]);
  const judged = useDeferredValue(draftFlag);
  const reach = useMemo(() => (judged === null ? null : reachOf(world, { ...judged, status: 'ACTIVE', environments: { [environment]: { ...judged.environments[environment]!, enabled: true } } }, environment, contexts, Date.now())), [world, judged, environment, contexts]);
  const ids = drafts.map(({ id }) => id);
  const change = (next: RuleDraft[]): void => { setDrafts(next); if (refused.length > 0) setRefused(noFaults); };
  const add = (draft: RuleDraft): void => { setFresh(draft.uid); change([...drafts, draft]); };
  return (
    <TargetingContext.Provider value={targeting}>
      <div className="columns">
        <div className="stack">
          {behind && <Notice look="warn">{t('targeting.behind')} <Button small onPress={() => start(saved)}>{t('targeting.takeTheirs')}</Button></Notice>}
          {reach !== null && drafts.length > 0 && <section className="card stack tight" aria-label={t('targeting.sample.title')}><div className="row between wrap"><h2>{t('targeting.sample.title')}</h2><span className="tiny faint">{t('targeting.sample.what', { size: contexts.length })}</span></div><ReachBar reach={reach} names={ids} /></section>}
          {drafts.length === 0 && <div className="card"><EmptyState icon="target" title={t('targeting.noRules')}>{t('targeting.noRulesHint')}</EmptyState></div>}
          <ol className="rules">
            {drafts.map((draft, index) => (
              <RuleCard
                key={draft.uid} draft={draft} index={index} count={drafts.length} open={draft.uid === fresh} reach={reach?.byRule.get(draft.id) ?? (reach === null ? undefined : 0)} sampleSize={contexts.length}
                onChange={(next) => change(drafts.with(index, next))} onRemove={() => change(drafts.filter((one) => one.uid !== draft.uid))} onMove={(step) => change(moved(drafts, index, step))}
                onDuplicate={() => add({ ...draftsOf({ enabled: true, rules: [settings.rules[index]!] })[0]!, id: newRuleId(ids), saved: null })}
              />
            ))}
          </ol>
          {may && <div><Button icon="plus" onPress={() => add(emptyRule(ids, startingText[flag.type]))}>{t('targeting.addRule')}</Button></div>}
          {dirty && (
            <div className="sticky-bar" role="region" aria-label={t('targeting.unsaved')}>
              <span className="small">{faults.size > 0 ? t('targeting.faults', { count: faults.size }) : t('targeting.unsaved')}</span>
              <div className="row"><Button onPress={() => start(saved)}>{t('targeting.discard')}</Button><Button look="primary" isDisabled={faults.size > 0} onPress={() => setReview(true)}>{t('targeting.review')}</Button></div>
            </div>
          )}
        </div>
        <TryPanel flag={flag} draft={draftFlag} environment={environment} world={world} />
      </div>
      {review && draftFlag !== null && <ReviewDialog flag={flag} base={base} behind={behind} draft={draftFlag} environment={environment} world={world} contexts={contexts} onClose={() => setReview(false)} onSaved={(now) => { setReview(false); start(now.environments[environment] ?? off); }} onTakeTheirs={(now) => { setReview(false); start(now.environments[environment] ?? off); }} onRefused={(found) => { setReview(false); setRefused(found); }} />}
      <LeaveGuard dirty={dirty} />
    </TargetingContext.Provider>
  );
}
