/* SPDX-License-Identifier: ISC */
/* The handlers, one a route (api/api.h says how they work). */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/api.h"

int route_health(struct api *a);
int route_login(struct api *a);
int route_logout(struct api *a);
int route_user_self(struct api *a);
int route_user_list(struct api *a);
int route_user_create(struct api *a);
int route_user_delete(struct api *a);
int route_user_password(struct api *a);
int route_token_list(struct api *a);
int route_token_create(struct api *a);
int route_token_delete(struct api *a);
int route_host_list(struct api *a);
int route_host_get(struct api *a);
int route_host_put(struct api *a);
int route_host_enable(struct api *a);
int route_host_disable(struct api *a);
int route_host_down(struct api *a);
int route_host_replace(struct api *a);
int route_host_fenced(struct api *a);
int route_join(struct api *a);
int route_host_set(struct api *a);
int route_host_delete(struct api *a);
int route_vm_list(struct api *a);
int route_vm_get(struct api *a);
int route_vm_xml(struct api *a);
int route_vm_create(struct api *a);
int route_vm_start(struct api *a);
int route_vm_stop(struct api *a);
int route_vm_delete(struct api *a);
int route_vm_rebuild(struct api *a);
int route_event_list(struct api *a);

#endif
