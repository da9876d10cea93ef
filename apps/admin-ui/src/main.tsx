import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { onSignedOut } from './api/credentials';
import { keys } from './api/keys';
import { queryClient } from './api/query-client';
import { router } from './app/router';
import { startTheme } from './app/theme';
import { switchLocale } from './i18n/catalogues';
import { Intl18n } from './i18n/intl';
import { initialLocale } from './i18n/locales';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';
import './ui/layout.css';

startTheme();

// A session that has ended leads to the sign-in page, and from there back to where one was.
onSignedOut(() => {
  if (queryClient.getQueryData(keys.session) === undefined) return;
  queryClient.removeQueries();
  void router.invalidate();
});

await switchLocale(initialLocale());
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Intl18n><RouterProvider router={router} /></Intl18n>
    </QueryClientProvider>
  </StrictMode>,
);
