#include <guide/chapters.hpp>

int main() {
  chapters::event_stores();
  chapters::commands();
  chapters::messages();
  chapters::testing();
  chapters::feeds();
  chapters::dam();
  chapters::decorator();
}
