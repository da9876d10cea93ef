import { useId, useMemo, useState, type KeyboardEvent } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Segment } from '@pataka/contracts';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { segmentsQuery } from '../api/catalogue';
import { mayDo, useSession } from '../api/session';
import { useFlags } from '../flags/flag-store';
import { useT } from '../i18n/intl';
import { localeNames, locales } from '../i18n/locales';
import { Icon, type IconName } from '../ui/icons';
import { chooseLocale } from './account';
import { navigation } from './navigation';
import { setTheme } from './theme';
import './command-palette.css';

interface Command { id: string; group: string; label: string; detail?: string; icon: IconName; run: () => void }

const MOST_OF_A_GROUP = 8;

const score = (command: Command, text: string): number => {
  const label = command.label.toLocaleLowerCase();
  const detail = command.detail?.toLocaleLowerCase() ?? '';
  if (label.startsWith(text) || detail.startsWith(text)) return 3;
  if (label.includes(text) || detail.includes(text)) return 2;
  return text.split(/\s+/).every((word) => label.includes(word) || detail.includes(word)) ? 1 : 0;
};

const best = (commands: readonly Command[], text: string): Command[] => {
  const wanted = text.trim().toLocaleLowerCase();
  const scored = commands.map((command) => ({ command, points: wanted === '' ? 1 : score(command, wanted) })).filter(({ points }) => points > 0);
  const ranked = scored.sort((a, b) => b.points - a.points).map(({ command }) => command);
  const groups = [...new Set(commands.map(({ group }) => group))];
  return groups.flatMap((group) => ranked.filter((command) => command.group === group).slice(0, MOST_OF_A_GROUP));
};

const usePages = (): Command[] => {
  const t = useT();
  const go = useNavigate();
  const principal = useSession();
  const pages = navigation.flatMap(({ places }) => places).filter((place) => mayDo(principal, place.needs ?? 'read'))
    .map((place): Command => ({ id: place.to, group: t('common.palette.pages'), label: t(place.label), icon: place.icon, run: () => void go({ to: place.to }) }));
  const make: Command[] = mayDo(principal, 'manage') ? [{ id: 'new', group: t('common.palette.do'), label: t('common.palette.newFlag'), icon: 'plus', run: () => void go({ to: '/flags/new' }) }] : [];
  const themes = (['light', 'dark', 'system'] as const).map((theme): Command => ({ id: theme, group: t('common.palette.do'), label: t('common.palette.theme', { theme: t(`common.theme.${theme}`) }), icon: 'sun', run: () => setTheme(theme) }));
  const languages = localeNames.map((locale): Command => ({ id: locale, group: t('common.palette.do'), label: t('common.palette.language', { language: locales[locale].name }), icon: 'globe', run: () => chooseLocale(locale) }));
  return [...make, ...pages, ...themes, ...languages];
};

const useDocuments = (): Command[] => {
  const t = useT();
  const go = useNavigate();
  const { flags } = useFlags();
  const segments = useQuery(segmentsQuery).data;
  return useMemo(() => [
    ...flags.map((flag): Command => ({ id: `flag:${flag.key}`, group: t('common.palette.flags'), label: flag.name ?? flag.key, detail: flag.key, icon: 'flag', run: () => void go({ to: '/flags/$key', params: { key: flag.key } }) })),
    ...(segments ?? []).map((segment: Segment): Command => ({ id: `segment:${segment.key}`, group: t('common.palette.segments'), label: segment.name ?? segment.key, detail: segment.key, icon: 'users', run: () => void go({ to: '/segments/$key', params: { key: segment.key } }) })),
  ], [flags, segments, t, go]);
};

function Results({ label, commands, chosen, listId, onRun }: { label: string; commands: readonly Command[]; chosen: number; listId: string; onRun: (command: Command) => void }) {
  return (
    <div className="palette-list" role="listbox" id={listId} aria-label={label}>
      {commands.map((command, index) => (
        <div key={command.id} role="presentation">
          {commands[index - 1]?.group !== command.group && <div className="palette-group" role="presentation">{command.group}</div>}
          <div
            role="option" id={`${listId}-${index}`} aria-selected={index === chosen} className="option" data-focused={index === chosen || undefined} onClick={() => onRun(command)}
            ref={index === chosen ? (element) => element?.scrollIntoView({ block: 'nearest' }) : undefined}
          >
            <Icon name={command.icon} /><span className="truncate">{command.label}</span>{command.detail !== undefined && command.detail !== command.label && <span className="key faint truncate">{command.detail}</span>}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Ctrl or Cmd with K: every page, flag and segment, and the things that are done often, found by typing. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const t = useT();
  const listId = useId();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const all = [...usePages(), ...useDocuments()];
  // Not deferred: Enter runs what has been typed, never what an older text found.
  const commands = best(all, text);
  const run = (command: Command): void => { onClose(); command.run(); };
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) setChosen((now) => (now + step + commands.length) % Math.max(1, commands.length));
    const command = commands[chosen];
    if (event.key === 'Enter' && command !== undefined) run(command);
    if (step !== 0 || event.key === 'Enter') event.preventDefault();
  };
  return (
    <ModalOverlay className="scrim palette-scrim" isOpen onOpenChange={(open) => { if (!open) onClose(); }} isDismissable>
      <Modal className="modal">
        <AriaDialog className="palette" aria-label={t('common.palette.open')}>
          <div className="palette-input">
            <Icon name="search" />
            <input
              autoFocus role="combobox" aria-expanded="true" aria-controls={listId} aria-label={t('common.palette.open')} {...(commands.length > 0 ? { 'aria-activedescendant': `${listId}-${chosen}` } : {})}
              placeholder={t('common.palette.placeholder')} value={text} onChange={(event) => { setText(event.target.value); setChosen(0); }} onKeyDown={press} autoComplete="off" spellCheck={false}
            />
          </div>
          {commands.length === 0 ? <p className="palette-nothing soft">{t('common.palette.nothing', { text })}</p> : <Results label={t('common.palette.open')} commands={commands} chosen={chosen} listId={listId} onRun={run} />}
          <div className="palette-help tiny faint">{t('common.palette.help')}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
