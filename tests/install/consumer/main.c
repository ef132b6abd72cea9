#include <stdio.h>
#include <string.h>
#include <tilewright/c_api.h>

/* Prints the library's version and platforms; ends with 0 if a2a3sim is one of them and needs no hardware. */
int main(void) {
  int found = 0;
  printf("%s\n", tw_version());
  for (size_t i = 0; i < tw_platform_count(); ++i) {
    tw_platform platform = {.struct_size = sizeof platform};
    tw_error *error = NULL;
    if (tw_platform_get(i, &platform, &error) != 0) {
      fprintf(stderr, "%s\n", tw_error_message(error));
      tw_error_free(error);
      return 1;
    }
    printf("%s\n", platform.name);
    if (strcmp(platform.name, "a2a3sim") == 0 && platform.simulated) found = 1;
  }
  return found ? 0 : 1;
}
