import { createRoute, redirect } from '@tanstack/react-router';
import { shellRoute } from './shell-route';

export const homeRoute = createRoute({ getParentRoute: () => shellRoute, path: '/', beforeLoad: () => { throw redirect({ to: '/flags', replace: true }); } });
