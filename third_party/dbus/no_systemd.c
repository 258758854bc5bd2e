/* The static libdbus refers to libsystemd, which has no static archive, for
 * sockets a *server* inherits from systemd. We are only ever a client. */

int sd_listen_fds(int unset_environment) {
  (void)unset_environment;
  return 0;
}

int sd_is_socket(int fd, int family, int type, int listening) {
  (void)fd;
  (void)family;
  (void)type;
  (void)listening;
  return 0;
}
