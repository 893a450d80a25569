// SPDX-License-Identifier: Apache-2.0
// Link and List: an intrusive doubly linked list, so that waiting and hooking allocate nothing and
// an object that dies takes itself out of the list it is in. A class may be in several lists by
// deriving from Link with different tags. Not for use by several threads.
#pragma once

namespace sterna::coro {

template <class T>
class Link {
 public:
  Link() : previous_(this), next_(this) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <class U>
  friend class List;

  void insert_before(Link& place) {
    previous_ = place.previous_;
    next_ = &place;
    previous_->next_ = this;
    place.previous_ = this;
  }

  Link* previous_;
  Link* next_;
};

// T derives from Link<T>. The list does not own its members.
template <class T>
class List {
 public:
  bool empty() const { return !head_.linked(); }
  void push_back(T& member) { static_cast<Link<T>&>(member).insert_before(head_); }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* pop_front() {
    T* member = front();
    if (member) static_cast<Link<T>*>(member)->unlink();
    return member;
  }
  // Calls visit(T&) for each; no member may leave the list meanwhile.
  template <class Visit>
  void for_each(Visit visit) {
    for (Link<T>* link = head_.next_; link != &head_; link = link->next_)
      visit(*static_cast<T*>(link));
  }

 private:
  Link<T> head_;
};

}  // namespace sterna::coro
